"""Show the documents of the repository's root in the site, so that each has one source."""  # noqa: INP001 - a hook of mkdocs, no package

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each document, with its links as they are in the site."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        text = re.sub(r"\]\((\w+\.md)\)", lambda found: f"]({PAGES.get(found[1], found[1])})", text)
        files.append(File.generated(config, page, content=text))
    return files

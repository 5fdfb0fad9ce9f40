"""Write the generated parts and the outputs of the documentation anew: `python -m tests.docs`."""

import contextlib
import sys
import tempfile

import tests.conftest  # noqa: F401 - how long laws may take to find examples
from tests.docs.blocks import with_true_outputs
from tests.docs.generated import pages, written_anew

for page in pages():
    if sys.argv[1:] and not any(name in str(page) for name in sys.argv[1:]):
        continue
    before = page.read_text(encoding="utf-8")
    page.write_text(written_anew(before), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        after = with_true_outputs(page)
    page.write_text(after, encoding="utf-8")
    if after != before:
        sys.stdout.write(f"wrote {page.name}\n")

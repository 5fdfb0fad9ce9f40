"""Who is who: keys by which leads are found to be one, and the dossier in which they merge."""

from leadrules.identity.clusters import Cluster, duplicates
from leadrules.identity.dossier import Dossier, merge
from leadrules.identity.keys import PUBLIC_DOMAINS, MatchKey, match_keys
from leadrules.identity.snapshots import Snapshot
from leadrules.identity.union import STAGE_FACTS

__all__ = [
    "PUBLIC_DOMAINS",
    "STAGE_FACTS",
    "Cluster",
    "Dossier",
    "MatchKey",
    "Snapshot",
    "duplicates",
    "match_keys",
    "merge",
]

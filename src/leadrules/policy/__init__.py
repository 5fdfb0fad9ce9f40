"""The policy: the whole document that sales and marketing agree on, and how it is loaded."""

from leadrules.policy.declarations import Activity, DeclaredField, ParameterByDate, Row, Table
from leadrules.policy.document import Agreement, Header, Policy, Signature
from leadrules.policy.loading import load_policy, policy_schema

__all__ = [
    "Activity",
    "Agreement",
    "DeclaredField",
    "Header",
    "ParameterByDate",
    "Policy",
    "Row",
    "Signature",
    "Table",
    "load_policy",
    "policy_schema",
]

"""Lead rules: a policy that sales and marketing agree on, evaluated."""

__version__ = "0.1.0"

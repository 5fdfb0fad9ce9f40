"""Lead rules: a policy that sales and marketing agree on, evaluated."""

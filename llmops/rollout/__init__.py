"""What the verbs share: the endpoint as ledger and target have it, and what is allowed."""

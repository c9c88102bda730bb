"""The pages where a customer approves or rejects what a vendor asks for."""

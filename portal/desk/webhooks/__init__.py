"""The pages of webhooks: addresses of the vendor's own that are told what happens."""

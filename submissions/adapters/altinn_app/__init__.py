"""The way of working of an app in Altinn: control, instance, upload, virus scan; then a person confirms in Altinn."""

"""Material that an authority has asked for in a dialog: files are uploaded to the dialog, then submitted."""

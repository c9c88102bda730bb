"""From files to a package that may be sent: the draft, its files, the check of the package, the question before sending."""

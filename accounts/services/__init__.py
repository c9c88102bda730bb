"""What can be done with customers and the vendor: keyword-only, told who (`by`) and when (`at`)."""

"""Services that are only read: krav og betalinger, and frister."""

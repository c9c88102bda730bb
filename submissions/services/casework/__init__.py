"""What staff do with dialogs: read them, share them out, answer in time, be done. Ours alone: nothing is told outside."""

"""What tells which size is best: errors on samples that a search has not seen, and information criteria."""

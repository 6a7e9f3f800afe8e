"""The first screen: what stands where, and the rows behind each figure. Reads only."""

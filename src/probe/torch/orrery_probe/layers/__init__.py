"""What layers give to one another, read off the calls of modules and the graph of the loss."""

"""What is trained, by what, on what and for which loss."""

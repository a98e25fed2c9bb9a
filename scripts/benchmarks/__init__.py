"""What is said of speed and size, measured by one command each."""

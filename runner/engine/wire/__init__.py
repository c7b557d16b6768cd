"""What goes over the network: requests and what left, limits, credentials, lists, publishing, notifications."""

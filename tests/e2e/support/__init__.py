"""What the end-to-end tests share: nodes, WAMP peers that are not ours, and raw sockets."""

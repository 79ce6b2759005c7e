"""What targets share whatever switches the traffic: the service behind it, files of state, and who may write them."""

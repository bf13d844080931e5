"""The processes: each a main function that `up` or an operator starts."""

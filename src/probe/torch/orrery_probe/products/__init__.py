"""The loss that was stepped on as a function of the weights: its gradient and products with its Hessian."""

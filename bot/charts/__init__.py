"""Pictures of the figures: `drawn` hands charts to a process of its own, where matplotlib draws them."""

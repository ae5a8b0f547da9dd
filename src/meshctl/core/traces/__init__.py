"""What is made of spans: memory, tree, waterfall, edges, comparison."""

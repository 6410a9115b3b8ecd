"""What one document says, computed: properties of a text that a claim can name, and themes of many."""

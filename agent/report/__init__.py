"""The result and its renderings: pages take results, results never call a page at load."""

"""LaTeX out and in: expressions printed in the order of the paper, pages and a book of them, and a strict parser."""

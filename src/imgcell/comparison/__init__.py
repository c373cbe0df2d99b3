"""Many pictures beside each other: what is compared, and the page, picture or print that shows it without a kernel."""

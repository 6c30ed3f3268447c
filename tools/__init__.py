"""Scripts of the developers: data files, pictures, example reports."""

"""The pages for people, and (`docs.making`) what writes those of them that are made from the code."""

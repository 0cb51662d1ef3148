"""`train refine`: a published generator's flow, trained anew on faces of its own that show what was said."""

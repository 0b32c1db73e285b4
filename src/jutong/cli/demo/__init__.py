"""`jutong demo`: a believable city, and the main job run through it before your eyes."""

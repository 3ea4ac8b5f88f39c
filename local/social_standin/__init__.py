"""A stand-in for Instagram, TikTok and YouTube: their interfaces, and a site for people."""

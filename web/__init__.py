"""The web: desk for staff, portal for creators, api for programs."""

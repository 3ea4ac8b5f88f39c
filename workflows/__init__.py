"""What happens when: campaign, collaboration and payout, as Temporal workflows."""

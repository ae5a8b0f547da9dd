"""Notifications: hears of orders and has their mails sent."""

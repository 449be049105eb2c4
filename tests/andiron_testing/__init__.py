"""Fakes, stand-ins and small files the tests share."""

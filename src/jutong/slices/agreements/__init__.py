"""共享协议: bilateral and multilateral agreements and joint documents, signed by each party, amended in readable versions."""

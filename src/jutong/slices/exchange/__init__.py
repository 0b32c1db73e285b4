"""交换: granted data on its way — orders to the runners, their receipts, batch files, and the proof of each delivery."""

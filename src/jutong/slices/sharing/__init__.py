"""共享申请: asking, answering and delivering, with every statutory clock running by itself."""

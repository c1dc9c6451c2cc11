"""Pictures -> detections: letterbox, run the network, decode the heads, NMS, tiles."""

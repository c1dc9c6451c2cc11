"""Labels of any format, and what Darknet wants to be fed: lists, YOLO labels, anchors, crops."""

"""Labels of any format, and what Darknet needs: lists, YOLO labels, anchors, crops."""

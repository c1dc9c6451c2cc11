"""Labels of any format; lists, YOLO labels and anchors for Darknet; crops."""

"""数据源: the departments' registered databases, reached by the data plane alone."""

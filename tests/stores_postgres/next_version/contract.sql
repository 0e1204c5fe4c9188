-- A step of the tests alone: version 1 of the functions goes.
DROP FUNCTION lock_v1, look_v1, see_v1, leave_v1, recall_v1, post_v1;

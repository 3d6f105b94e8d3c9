#!/bin/sh
# Makes the bucket and a user who can do nothing but use it; safe to run again.
set -eu
export MC_CONFIG_DIR=/tmp/.mc

mc alias set store "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
mc mb --ignore-existing --region "$S3_REGION" "store/$S3_BUCKET"

cat >/tmp/policy.json <<JSON
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      "Resource": ["arn:aws:s3:::$S3_BUCKET/*"]
    },
    {
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": ["arn:aws:s3:::$S3_BUCKET"]
    }
  ]
}
JSON
mc admin policy create store stories-app /tmp/policy.json >/dev/null
mc admin user add store "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY" >/dev/null
# Attaching twice is an error for mc and no harm for us.
mc admin policy attach store stories-app --user "$S3_ACCESS_KEY_ID" >/dev/null 2>&1 ||
  mc admin user info store "$S3_ACCESS_KEY_ID" | grep -q stories-app
echo "bucket $S3_BUCKET is ready"
